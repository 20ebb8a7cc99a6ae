// Arguments as described in PROTOCOL.md.
export type Arguments = any;
export type Command = (args: Arguments) => unknown;
