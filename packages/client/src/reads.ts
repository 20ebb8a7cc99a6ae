/** How far the user has read, which the server is to know. */
export class Reads {
  readonly #due = new Map<string, number>();
  /** Since the last pause: an error frame does not say which frame was refused. */
  readonly #told = new Map<string, number>();

  note(chatId: string, seq: number): void {
    this.#due.set(chatId, Math.max(seq, this.#due.get(chatId) ?? 0));
  }

  frames(): object[] {
    const frames = [...this.#due].map(([chat_id, seq]) => ({ type: 'read', chat_id, seq }));
    for (const [chatId, seq] of this.#due) this.#told.set(chatId, seq);
    this.#due.clear();
    return frames;
  }

  /** What was told may have been refused. */
  repeat(): void {
    for (const [chatId, seq] of this.#told) this.note(chatId, seq);
    this.#told.clear();
  }
}
