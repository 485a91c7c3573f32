// What a visitor reads. A site may replace each.

export interface Texts {
  lang: string;
  title: string;
  body: string;
  allow: string;
  later: string;
  guide_title: string;
  guide_steps: readonly string[];
  guide_done: string;
}
