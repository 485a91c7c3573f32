// Builds web/sdk/dist: the page's script, the worker, the prompt and its texts. The same sources give the same bytes.
// Every file is there under a name with its hash, which may be cached for ever; the two that sites name, also under
// their own, which may not. manifest.json says which is which, how large, and what `integrity` a careful site writes.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const SOURCE = new URL("src/", import.meta.url);
const DIST = pathToFileURL(`${resolve(process.argv[2] ?? new URL("dist", import.meta.url).pathname)}/`);
const BUDGETS = { pushsaas: 5_000, worker: 3_000, prompt: 5_000, texts: 5_000 }; // bytes, gzipped
const LANGUAGE = "es2020"; // older than all that this needs of a browser: one that lacks it is silent, not broken

const PRODUCT = await readFile(new URL("../../pyproject.toml", import.meta.url), "utf8");
const VERSION = JSON.stringify(/^version = "(.+)"$/m.exec(PRODUCT)[1]);

const manifest = {};

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
const hashes = {};
for (const file of (await readdir(new URL("texts/", SOURCE))).sort()) {
  const language = file.replace(".ts", "");
  if (language !== "texts") hashes[language] = await put(`texts-${language}`, await bundled(`texts/${file}`, "esm"));
}
hashes.prompt = await put("prompt", await bundled("prompt/main.ts", "esm"));
await putNamed("pushsaas", await bundled("page/main.ts", "iife", { HASHES: JSON.stringify(hashes), VERSION }));
await putNamed("worker", await bundled("worker/main.ts", "iife"));
await writeFile(new URL("manifest.json", DIST), `${JSON.stringify(manifest, null, 2)}\n`);

async function bundled(entry, format, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, SOURCE).pathname],
    bundle: true,
    minify: true,
    charset: "utf8",
    target: LANGUAGE,
    legalComments: "none",
    write: false,
    logLevel: "warning",
    format,
    define,
    plugins: [small("css")],
  });
  return outputFiles[0].contents;
}

/** Styles as minified text. */
function small(kind) {
  const load = async ({ path }) => ({
    contents: (await transform(await readFile(path, "utf8"), { loader: kind, minify: true })).code.trim(),
    loader: "text",
  });
  return { name: `small-${kind}`, setup: ({ onLoad }) => onLoad({ filter: new RegExp(`\\.${kind}$`) }, load) };
}

async function put(name, contents) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 8);
  const file = `${name}.${hash}.js`;
  const gzip_bytes = gzipSync(contents, { level: 9 }).length;
  const budget = BUDGETS[name.split("-")[0]];
  if (gzip_bytes > budget) throw new Error(`${name} has ${gzip_bytes} bytes gzipped, more than ${budget}`);
  const integrity = `sha384-${createHash("sha384").update(contents).digest("base64")}`;
  manifest[name] = { file, bytes: contents.length, gzip_bytes, integrity };
  await writeFile(new URL(file, DIST), contents);
  return hash;
}

async function putNamed(name, contents) {
  await put(name, contents);
  await writeFile(new URL(`${name}.js`, DIST), contents);
}
