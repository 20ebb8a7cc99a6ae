// What the pages say. Names with `data-words` are found by the script (pages/account.js).
export type Language = 'en' | 'de';

export interface Texts {
  resetTitle: string;
  confirmTitle: string;
  password: string;
  hint: string;
  show: string;
  set: string;
  email: string;
  ask: string;
  askWhy: string;
  confirm: string;
  confirmWhy: string;
  script: string;
  /** By name. */
  words: Record<string, string>;
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    resetTitle: 'Set a new password',
    confirmTitle: 'Confirm your e-mail address',
    password: 'New password',
    hint: '8 characters or more, and hard to guess: several uncommon words are best.',
    show: 'Show the password',
    set: 'Set the password',
    email: 'E-mail address',
    ask: 'Send me a link',
    askWhy: 'We send a link to the address of your account. With it you set a new password.',
    confirm: 'Confirm the address',
    confirmWhy: 'With this you confirm that the address is yours.',
    script: 'This page needs JavaScript.',
    words: {
      'reset-done': 'Your new password is set. All sessions were ended: sign in again in your app.',
      'ask-done': 'If an account has this address, a link is on its way. Look into your mail.',
      'confirm-done': 'Your address is confirmed. You can close this page.',
      token_invalid: 'This link was used already, was replaced by a newer one, or has expired. Ask for a new one.',
      weak: 'This password is too easy to guess. Use several uncommon words, without your name.',
      invalid: 'This can’t be used: look at it again.',
      CONFLICT: 'Another account has this address.',
      RATE_LIMIT_EXCEEDED: 'Too many tries. Wait an hour, then try again.',
      mail_not_configured: 'This server sends no mail. Ask the people who run it for a link.',
      unavailable: 'This did not work. Try again in a moment.',
    },
  },
  de: {
    resetTitle: 'Neues Passwort setzen',
    confirmTitle: 'E-Mail-Adresse bestätigen',
    password: 'Neues Passwort',
    hint: '8 Zeichen oder mehr und schwer zu erraten: am besten mehrere seltene Wörter.',
    show: 'Passwort anzeigen',
    set: 'Passwort setzen',
    email: 'E-Mail-Adresse',
    ask: 'Link zusenden',
    askWhy: 'Wir senden einen Link an die Adresse Ihres Kontos. Damit setzen Sie ein neues Passwort.',
    confirm: 'Adresse bestätigen',
    confirmWhy: 'Damit bestätigen Sie, dass die Adresse Ihnen gehört.',
    script: 'Diese Seite braucht JavaScript.',
    words: {
      'reset-done': 'Ihr neues Passwort gilt. Alle Sitzungen wurden beendet: Melden Sie sich in Ihrer App neu an.',
      'ask-done': 'Wenn ein Konto diese Adresse hat, ist ein Link unterwegs. Sehen Sie in Ihre Mail.',
      'confirm-done': 'Ihre Adresse ist bestätigt. Sie können diese Seite schließen.',
      token_invalid: 'Dieser Link wurde schon benutzt, ersetzt oder ist abgelaufen. Fordern Sie einen neuen an.',
      weak: 'Dieses Passwort ist zu leicht zu erraten. Nehmen Sie mehrere seltene Wörter, ohne Ihren Namen.',
      invalid: 'Das kann nicht verwendet werden: Sehen Sie es noch einmal an.',
      CONFLICT: 'Ein anderes Konto hat diese Adresse.',
      RATE_LIMIT_EXCEEDED: 'Zu viele Versuche. Warten Sie eine Stunde, dann versuchen Sie es wieder.',
      mail_not_configured: 'Dieser Server versendet keine Mail. Bitten Sie seine Betreiber um einen Link.',
      unavailable: 'Das hat nicht geklappt. Versuchen Sie es gleich noch einmal.',
    },
  },
};
