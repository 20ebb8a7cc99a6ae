/** A section of a page, as the search reads it. */
export interface Entry {
  /** `<page>` or `<page>#<heading>`: its address below `/docs/guide/`. */
  id: string;
  page: string;
  title: string;
  text: string;
}
