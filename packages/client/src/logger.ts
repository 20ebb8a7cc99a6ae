export interface Logger {
  /** Errors that the app should see: failed handlers, a store that fails. */
  error(...what: unknown[]): void;
}
