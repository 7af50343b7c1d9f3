// Calls a running server with the AI SDK and OpenRouter's provider for it; prints what came as one JSON object.
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { Output, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

globalThis.AI_SDK_LOG_WARNINGS = false;
const { BASE_URL, MODEL, TASK } = process.env;
const task = JSON.parse(TASK);
const model = createOpenRouter({ baseURL: `${BASE_URL}/api/v1`, apiKey: "unused" })(MODEL);
const common = { model, maxRetries: 0 };

const tools = {
  get_weather: tool({
    description: "The weather of a city.",
    inputSchema: z.object({ city: z.string(), days: z.array(z.number().int()) }),
    execute: async () => task.result,
  }),
};
const verdict = z.object({ colour: z.enum(["red", "green"]), sure: z.boolean() });

const summary = (run) => ({
  text: run.text,
  reasoning: run.reasoningText ?? "",
  finish: run.finishReason,
  usage: run.usage,
});

const steps = {
  generate: async () => summary(await generateText({ ...common, prompt: task.prompt })),
  stream: async () => {
    const run = streamText({ ...common, prompt: task.prompt });
    const seen = { text: "", reasoning: "" };
    for await (const part of run.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "text-delta") seen.text += part.text;
      if (part.type === "reasoning-delta") seen.reasoning += part.text;
    }
    return { ...seen, finish: await run.finishReason, usage: await run.usage };
  },
  loop: async () => {
    const run = await generateText({ ...common, prompt: task.prompt, tools, stopWhen: stepCountIs(4) });
    return { ...summary(run), steps: run.steps.length };
  },
  streamedLoop: async () => {
    const run = streamText({ ...common, prompt: task.prompt, tools, stopWhen: stepCountIs(4) });
    const pieces = [];
    for await (const part of run.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "tool-input-delta") pieces.push(part.delta);
    }
    const [text, reasoning, finish] = [await run.text, await run.reasoningText, await run.finishReason];
    return { text, reasoning, finish, steps: (await run.steps).length, pieces };
  },
  object: async () => (await generateObject({ ...common, prompt: task.prompt, schema: verdict, ...task.options })).object,
  output: async () => {
    const output = Output.object({ schema: verdict });
    return (await generateText({ ...common, prompt: task.prompt, output, ...task.options })).output;
  },
  required: async () => {
    const paint = tool({ description: "Paints.", inputSchema: verdict });
    const run = await generateText({
      ...common, prompt: task.prompt, tools: { paint, wash: paint }, toolChoice: task.choice, ...task.options,
    });
    return run.toolCalls.map(({ toolName, input }) => ({ toolName, input }));
  },
};

console.log(JSON.stringify(await steps[task.step]()));
