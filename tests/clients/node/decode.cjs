// Lets @stoqey/ib read frames as if they came from its socket, and says what it made of each.
//
// In, one JSON value: [{"version": 193, "frames": ["<base64 of a payload>", …]}, …].
// Out, the same shape: for each frame {"events": [[name, arguments…], …], "faults": ["…"]}. A fault is an exception or
// an error event of the decoder's own (code 505: an underrun, tokens left over, a message without a parser).
"use strict";

const { IBApi, ErrorCode } = require("@stoqey/ib");
const { Socket } = require("@stoqey/ib/dist/core/io/socket");

/** A client that is through its handshake at a server version, without a network. */
function client(version) {
  const ib = new IBApi({ maxReqPerSec: 1e6 });
  const socket = ib.controller.socket;
  if (!(socket instanceof Socket)) throw new Error("this is not the package's own socket");
  socket.neverReceived = false;
  socket._serverVersion = version;
  return { ib, socket };
}

function framed(payload) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

function read({ version, frames }) {
  const { ib, socket } = client(version);
  let events = [];
  let faults = [];
  ib.on("all", (name, args) => {
    if (name === "received") return;
    if (name === "error" && args[1] === ErrorCode.UNKNOWN_ID) faults.push(args[0].message);
    else events.push([name, ...args.map((value) => (value instanceof Error ? value.message : value))]);
  });
  ib.on("error", () => {}); // without a listener the emitter throws
  return frames.map((text) => {
    events = [];
    faults = [];
    try {
      socket.onData(framed(Buffer.from(text, "base64")));
    } catch (error) {
      faults.push(`${error.name}: ${error.message}`);
    }
    return { events, faults };
  });
}

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", () => {
  const asked = JSON.parse(Buffer.concat(chunks).toString());
  // Sets and maps would turn into {}.
  const plain = (key, value) => (value instanceof Map || value instanceof Set ? [...value] : value);
  process.stdout.write(JSON.stringify(asked.map(read), plain));
});
