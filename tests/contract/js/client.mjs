// Calls a running server with the OpenAI client and prints what it saw as one JSON object.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const model = process.env.MODEL;
const messages = [{ role: "user", content: "Hello" }];
const common = { model, messages, max_tokens: 48, seed: 7 };

const reply = await client.chat.completions.create(common);

const stream = { content: "", reasoning: "", usage: null };
for await (const chunk of await client.chat.completions.create({ ...common, stream: true })) {
  stream.content += chunk.choices[0]?.delta?.content ?? "";
  stream.reasoning += chunk.choices[0]?.delta?.reasoning ?? "";
  stream.usage = chunk.usage ?? stream.usage;
}

const direct = await client.chat.completions.create({ ...common, reasoning: { enabled: false } });

const aborted = { chunks: 0 };
const endless = await client.chat.completions.create({ ...common, max_tokens: 512, ignore_eos: true, stream: true });
for await (const _ of endless) {
  aborted.chunks += 1;
  endless.controller.abort();
}

const models = [];
for await (const entry of client.models.list()) models.push(entry.id);

let error = null;
try {
  await client.chat.completions.create({ ...common, temperature: 9 });
} catch (caught) {
  error = { name: caught.constructor.name, status: caught.status, message: caught.message };
}

console.log(JSON.stringify({ reply, stream, direct, aborted, models, error }));
