import { languageOf } from '@chatapi/page/language';
import { render } from 'preact';
import { App } from './app.tsx';
import { textsIn } from './texts.ts';

const language = languageOf(navigator.languages);
const texts = await textsIn(language);

render(<App first={{ language, texts }} />, document.getElementById('page') as HTMLElement);
