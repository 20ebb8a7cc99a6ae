// Elements and attributes that act when a page assigns a text to `innerHTML`: run, load, submit,
// navigate, embed, hide, or use the page's own styles and names.

/** They act without any attribute: run, embed, or change how the rest of a page is parsed. */
const ACTIVE_ELEMENTS = new Set(
  'script style iframe svg math template title textarea select xmp plaintext noscript noembed noframes frameset'.split(
    ' ',
  ),
);

/** All current and former HTML elements; browsers give meaning to `class`, `id` and so on. */
const HTML_ELEMENTS = new Set(
  (
    'a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br ' +
    'button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir div dl ' +
    'dt em embed fencedframe fieldset figcaption figure font footer form frame geolocation h1 h2 h3 h4 h5 h6 head header ' +
    'hgroup hr html i image img input ins isindex kbd keygen label legend li link listing main map mark marquee menu ' +
    'menuitem meta meter multicol nav nextid nobr object ol optgroup option output p param permission picture portal pre ' +
    'progress q rb rbc rp rt rtc ruby s samp search section selectedcontent shadow slot small source spacer span strike ' +
    'strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var video wbr'
  ).split(' '),
);

const VOID_ELEMENTS = new Set(
  'area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr'.split(' '),
);

/** They act on any element, even without a value. */
const ACTIVE_EMPTY = new Set('hidden autofocus contenteditable popover inert'.split(' '));

/** They act on any element with a value, on HTML elements also without one. */
const ACTIVE_ANYWHERE = new Set(
  'href src srcset srcdoc action formaction xlink:href xml:base style http-equiv imagesrcset attributionsrc'.split(' '),
);

/** They act with a value. Without one they may be prose: `a <b && data > c`. */
const ACTIVE_WITH_VALUE = new Set('data poster background ping cite'.split(' '));

/** They act with a value, on HTML elements only. */
const ACTIVE_IN_HTML = new Set(
  (
    'class id name part slot for form list is accesskey tabindex longdesc usemap profile manifest codebase classid archive ' +
    'code lowsrc dynsrc icon formmethod formtarget formenctype popovertarget popovertargetaction command commandfor ' +
    // `<base target>` applies to all links of a page.
    'interestfor shadowrootmode aria-hidden target'
  ).split(' '),
);

const HANDLER = /^on[a-z]+$/;
/** The shortest handlers are `oncut` and `onend`; `on`, `one`, `once` and `only` are words. */
const MIN_HANDLER_LENGTH = 5;

export const isActiveElement = (element: string): boolean => ACTIVE_ELEMENTS.has(element);

export const isVoid = (element: string): boolean => VOID_ELEMENTS.has(element);

/**
 * @param attribute name in lower case.
 * @param hasValue whether its value is not empty.
 */
export function isActiveAttribute(element: string, attribute: string, hasValue: boolean): boolean {
  if (ACTIVE_EMPTY.has(attribute)) return true;
  const known = HTML_ELEMENTS.has(element);
  if (ACTIVE_ANYWHERE.has(attribute)) return known || hasValue;
  if (HANDLER.test(attribute)) return hasValue || (known && attribute.length >= MIN_HANDLER_LENGTH);
  return hasValue && (ACTIVE_WITH_VALUE.has(attribute) || (known && ACTIVE_IN_HTML.has(attribute)));
}
