// What the pages do: copy code, search, and a menu that opens on small screens. Without it they can
// be read all the same.
import { search } from './search.ts';

function addCopyButtons(): void {
  for (const box of document.querySelectorAll<HTMLElement>('.code')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', () => void copy(box.querySelector('pre')?.textContent ?? '', button));
    box.append(button);
  }
}

const SHOWN_MS = 2000;

async function copy(text: string, button: HTMLButtonElement): Promise<void> {
  // Pages without TLS, but for localhost, have no clipboard.
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  button.textContent = done ? 'Copied' : 'Select and copy';
  setTimeout(() => {
    button.textContent = 'Copy';
  }, SHOWN_MS);
}

/** Open beside the page, closed above it. */
function foldMenu(): void {
  const menu = document.querySelector<HTMLDetailsElement>('.menu');
  const narrow = matchMedia('(max-width: 60rem)');
  const apply = (): void => {
    if (menu !== null) menu.open = !narrow.matches;
  };
  narrow.addEventListener('change', apply);
  apply();
}

addCopyButtons();
foldMenu();
search();
