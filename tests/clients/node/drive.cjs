// Runs @stoqey/ib under somebody else's hands: `node drive.cjs PORT CLIENT_ID`.
//
// In, one JSON array a line: a method of IBApi and its arguments. ["connect"] and ["disconnect"] are such methods too.
// Out, one JSON array a line: the name of an event and its arguments.
"use strict";

const { createInterface } = require("readline");
const { IBApi } = require("@stoqey/ib");

const [port, clientId] = process.argv.slice(2).map(Number);
const api = new IBApi({ host: "127.0.0.1", port, clientId });

const plain = (key, value) => {
  if (value instanceof Error) return value.message;
  return value instanceof Map || value instanceof Set ? [...value] : value;
};
const tell = (event) => process.stdout.write(`${JSON.stringify(event, plain)}\n`);

api.on("error", () => {}); // without a listener the emitter throws
api.on("all", (name, args) => {
  if (name !== "received" && name !== "sent") tell([name, ...args]);
});
process.on("uncaughtException", (error) => tell(["exception", `${error.stack}`]));

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [method, ...args] = JSON.parse(line);
  api[method](...args);
});
lines.on("close", () => process.exit(0));
