// The pages of links in mails. The token leaves the address bar before anything else happens, so
// that it stands in no history and no screenshot. A link is used by a button, never by opening it:
// programs that check mails open links too.
const token = new URLSearchParams(location.search).get('token') ?? '';
history.replaceState(null, '', location.pathname);

const find = (selector) => document.querySelector(selector);
const words = (name) => find(`[data-words="${name}"]`)?.textContent ?? '';

/** @returns the name of the words for the answer; undefined: it is done. */
async function failureOf(answer) {
  if (answer.ok) return undefined;
  const { code, details = {} } = await answer.json();
  if (details.reason === 'token_invalid' || details.reason === 'mail_not_configured') return details.reason;
  if (code === 'CONFLICT' || code === 'RATE_LIMIT_EXCEEDED') return code;
  if (code !== 'VALIDATION_ERROR') return 'unavailable';
  return details.advice === undefined ? 'invalid' : 'weak';
}

async function post(path, body) {
  try {
    return await failureOf(
      await fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        cache: 'no-store',
        signal: AbortSignal.timeout(15_000),
      }),
    );
  } catch {
    return 'unavailable';
  }
}

/** Shows the form whose name is the page's state, and its outcome in its place. */
function open(name, send) {
  const form = find(`form[data-form="${name}"]`);
  const error = form.querySelector('.error');
  const button = form.querySelector('button');
  const field = form.querySelector('.field');
  form.hidden = false;
  field?.focus();
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    error.textContent = '';
    field?.removeAttribute('aria-invalid');
    button.disabled = true;
    const failure = await send(form);
    button.disabled = false;
    if (failure === undefined) return done(form, name);
    if (name === 'reset' && failure === 'token_invalid') {
      form.remove();
      return askForLink(words(failure));
    }
    error.textContent = words(failure);
    if (failure === 'weak' || failure === 'invalid') field?.setAttribute('aria-invalid', 'true');
    field?.focus();
  });
}

function done(form, name) {
  form.remove();
  const message = find('.done');
  message.textContent = words(`${name}-done`);
  message.hidden = false;
  find('h1').focus();
}

/** Also where the link turned out not to work any more. */
function askForLink(why) {
  open('ask', (form) => post('/users/password-resets', { email: form.elements.email.value }));
  find('form[data-form="ask"] .error').textContent = why;
}

if (document.body.dataset.page === 'confirm') {
  if (token === '') {
    find('.notice').textContent = words('token_invalid');
    find('.notice').hidden = false;
  } else open('confirm', () => post('/users/email-confirmations', { token }));
} else if (token === '') {
  askForLink('');
} else {
  open('reset', (form) =>
    post('/users/password-resets/confirm', { token, new_password: form.elements.password.value }),
  );
  find('#show').addEventListener('change', ({ target }) => {
    find('#password').type = target.checked ? 'text' : 'password';
  });
}
