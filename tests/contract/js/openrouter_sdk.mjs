// Calls a running server with OpenRouter's own SDK, whose schemas are strict; prints what came as one JSON object.
import { OpenRouter } from "@openrouter/sdk";

const { BASE_URL, MODEL, TASK } = process.env;
const task = JSON.parse(TASK);
const client = new OpenRouter({ serverURL: `${BASE_URL}/api/v1`, apiKey: "unused", retryConfig: { strategy: "none" } });
const tools = task.tool && [task.tool];

async function send(messages, more = {}) {
  return client.chat.send({ chatRequest: { model: MODEL, messages, tools, ...more } });
}

// A stream's message, put together as the documentation of the wire says: text by type and index, calls by index.
async function streamed(messages) {
  const message = { role: "assistant", content: "", reasoning: "", reasoningDetails: [], toolCalls: [] };
  let finish = null;
  let usage = null;
  for await (const chunk of await send(messages, { stream: true })) {
    usage = chunk.usage ?? usage;
    for (const { delta, finishReason } of chunk.choices) {
      finish = finishReason ?? finish;
      message.content += delta.content ?? "";
      message.reasoning += delta.reasoning ?? "";
      for (const detail of delta.reasoningDetails ?? []) {
        const last = message.reasoningDetails.find((old) => old.type === detail.type && old.index === detail.index);
        if (last) Object.assign(last, detail, { text: last.text + detail.text });
        else message.reasoningDetails.push({ ...detail });
      }
      for (const { index, id, type, function: call } of delta.toolCalls ?? []) {
        const entry = (message.toolCalls[index] ??= { id, type, function: { name: call.name, arguments: "" } });
        entry.function.arguments += call.arguments ?? "";
      }
    }
  }
  if (!message.toolCalls.length) delete message.toolCalls;
  return { message, finish, usage };
}

async function whole(messages) {
  const reply = await send(messages);
  const [{ message, finishReason }] = reply.choices;
  return { message, finish: finishReason, usage: reply.usage };
}

const steps = {
  ask: async (ask) => ask([{ role: "user", content: task.prompt }]),
  loop: async (ask) => {
    const messages = [{ role: "user", content: task.prompt }];
    const first = await ask(messages);
    for (const call of first.message.toolCalls) {
      messages.push(first.message, { role: "tool", toolCallId: call.id, content: task.result });
    }
    return { first, second: await ask(messages) };
  },
  models: async () => (await client.models.list()).result.data.map((model) => model.id),
  catalogue: async () => {
    const [author, slug] = task.known.split("/");
    const listed = (await client.models.list({ sort: "newest", limit: 5, supportedParameters: "tools" })).result;
    const { data: model } = await client.models.get({ author, slug });
    const { data: own } = await client.endpoints.list({ author: MODEL.split("/")[0], slug: MODEL.split("/")[1] });
    const { data: count } = await client.models.count();
    const { data: zdr } = await client.endpoints.listZdrEndpoints();
    const { data: providers } = await client.providers.list();
    return { listed, model, own, count, zdr, providers };
  },
  error: async () => {
    try {
      await send([{ role: "user", content: "x" }], { temperature: 9 });
    } catch (error) {
      return { name: error.constructor.name, status: error.statusCode, message: error.message };
    }
  },
};

console.log(JSON.stringify(await steps[task.step](task.stream ? streamed : whole)));
