// A command of the suite.

/** As described in PROTOCOL.md. */
export type Arguments = any;
export type Command = (args: Arguments) => unknown;
