// Samples of a README.

/** The fenced samples of this language, in order. */
export const samplesOf = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code as string);

/** With the address and the admin of the test. */
export const adminAs = (commands: string, url: string, admin: { username: string; password: string }): string =>
  commands
    .replaceAll('http://localhost:8000', url)
    .replaceAll('"username_or_email":"admin","password":"…"', () =>
      JSON.stringify({ username_or_email: admin.username, password: admin.password }).slice(1, -1),
    );
