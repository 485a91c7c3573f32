// The script tag as a site's page wrote it: <script defer src="…/sdk/v1/pushsaas.js" data-site="pk_…"></script>

export interface Tag {
  site: string;
  /** Where the product answers, without a slash at the end: `data-api`, or where the script comes from. */
  base: string;
  /** Where this script and what it loads on demand lie. */
  source: string;
  worker: string;
  scope: string;
  lang: string;
}

/** No page lies below it, so no worker of the site is ever in the way, or ousted. */
const OWN_SCOPE = "/pushsaas/";

/** Undefined where the page forgot to say which site it is. */
export function readTag(script: HTMLScriptElement | null): Tag | undefined {
  const { site, api, worker = "/pushsaas-worker.js", scope = OWN_SCOPE, lang } = script?.dataset ?? {};
  if (!script || !site) return undefined;
  return {
    site,
    base: (api ?? script.src.replace(/\/sdk\/v1\/[^/]*$/, "")).replace(/\/$/, ""),
    source: script.src,
    worker: new URL(worker, location.href).href,
    scope: new URL(scope, location.href).href,
    lang: lang || document.documentElement.lang || navigator.language,
  };
}
