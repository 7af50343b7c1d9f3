// Manages the keys of a running server with OpenRouter's own SDK, whose schemas are strict; prints what came as one JSON object.
import { OpenRouter } from "@openrouter/sdk";

const { BASE_URL, MODEL, TASK } = process.env;
const task = JSON.parse(TASK);
const at = (apiKey) => new OpenRouter({ serverURL: `${BASE_URL}/api/v1`, apiKey, retryConfig: { strategy: "none" } });
const manager = at(task.manager).apiKeys;

async function ask(key) {
  try {
    const messages = [{ role: "user", content: task.prompt }];
    return (await at(key).chat.send({ chatRequest: { model: MODEL, messages } })).usage.cost;
  } catch (error) {
    return `${error.statusCode} ${error.constructor.name}`;
  }
}

const expiresAt = new Date("2099-01-31T00:00:00Z");
const requestBody = { name: "sdk", limit: 0.003, limitReset: "monthly", includeByokInLimit: false, expiresAt };
const made = await manager.create({ requestBody });
const hash = made.data.hash;
const first = await ask(made.key);
const refused = await ask(made.key);
const raised = await manager.update({ hash, requestBody: { limit: 1.5, limitReset: "daily", name: "renamed" } });
const second = await ask(made.key);
const own = (await at(made.key).apiKeys.getCurrentKeyMetadata()).data;
const shown = (await manager.get({ hash })).data;
const listed = (await manager.list({ includeDisabled: true })).data.map((key) => key.hash);
const disabled = (await manager.update({ hash, requestBody: { disabled: true } })).data.disabled;
const shut = await ask(made.key);
const deleted = (await manager.delete({ hash })).deleted;
console.log(
  JSON.stringify({ made, first, refused, raised: raised.data, second, own, shown, listed, disabled, shut, deleted }),
);
