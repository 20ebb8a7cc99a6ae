// Days of whoever looks, as filters have them.

const startOf = (day: string, plus: number): string => {
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + plus);
  return date.toISOString();
};

/** The server counts `to` no more, people do. */
export const timesOf = (from: unknown, to: unknown): { from?: string; to?: string } => ({
  from: from ? startOf(String(from), 0) : undefined,
  to: to ? startOf(String(to), 1) : undefined,
});
