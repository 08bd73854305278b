// Builds every folder here that has an index.html into fhir_facade/web/static/apps/NAME/.
//
//   node build.mjs           write the built files
//   node build.mjs --check   compare instead of writing; exit status 1 where something differs
//
// An HTML file is copied. What it names by a relative `src` or `href` is bundled to the same name.

import { build } from "esbuild";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = resolve(HERE, "../fhir_facade/web/static/apps");
const NAMED = /\b(?:src|href)="(?!\/|#|[a-z]+:)([^"?#]+\.(?:js|css))"/g;
const LICENCE_FILES = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license"];

/** Return the built files of one app: name → bytes. */
async function built(name) {
  const folder = join(HERE, name);
  const files = new Map();
  const entries = new Set();
  const pages = (await readdir(folder)).filter((each) => each.endsWith(".html"));
  for (const page of pages.sort()) {
    const html = await readFile(join(folder, page));
    files.set(page, html);
    for (const [, file] of html.toString().matchAll(NAMED)) entries.add(file);
  }
  const { outputFiles, metafile } = await build({
    absWorkingDir: HERE,
    entryPoints: [...entries].sort().map((file) => `${name}/${file}`),
    outdir: TARGET,
    outbase: ".",
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    // Today's browsers need none of the stand-ins that fhirclient has for older ones.
    define: { FHIRCLIENT_PURE: "true", "process.env.NODE_ENV": '"production"' },
    alias: { "isomorphic-webcrypto": "./shared/native_crypto.js" },
    splitting: true,
    chunkNames: `${name}/common-[hash]`,
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  for (const file of outputFiles) {
    files.set(relative(join(TARGET, name), file.path), Buffer.from(file.contents));
  }
  files.set("third-party.txt", Buffer.from(await licences(metafile)));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Return the licence of each package that went into a bundle. */
async function licences(metafile) {
  const kept = new Set(
    Object.values(metafile.outputs).flatMap((each) =>
      Object.entries(each.inputs).flatMap(([path, { bytesInOutput }]) =>
        bytesInOutput ? path : [],
      ),
    ),
  );
  const packages = new Set();
  for (const path of kept) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    if (folder) packages.add(folder);
  }
  const parts = ["Other people's work in the JavaScript of this app, and its licences.\n"];
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(
      await readFile(join(HERE, folder, "package.json")),
    );
    const file = LICENCE_FILES.find((each) => existsSync(join(HERE, folder, each)));
    const text = file ? await readFile(join(HERE, folder, file), "utf8") : "";
    parts.push(`${"=".repeat(72)}\n${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join("\n");
}

/** Return the files of a folder that was built before: name → bytes. */
async function there(folder) {
  if (!existsSync(folder)) return new Map();
  const names = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))])),
  );
}

async function write(name, files) {
  const folder = join(TARGET, name);
  await mkdir(folder, { recursive: true });
  for (const old of await readdir(folder)) {
    if (!files.has(old)) await rm(join(folder, old), { recursive: true });
  }
  let bytes = 0;
  for (const [file, content] of files) {
    await writeFile(join(folder, file), content);
    bytes += content.length;
  }
  console.log(`${name}: ${files.size} files, ${Math.round(bytes / 1024)} KiB`);
}

async function differences(name, files) {
  const before = await there(join(TARGET, name));
  const names = new Set([...files.keys(), ...before.keys()]);
  return [...names]
    .filter((file) => !(before.get(file) && files.get(file)?.equals(before.get(file))))
    .map((file) => `${name}/${file}`);
}

const folders = (await readdir(HERE)).filter((each) => existsSync(join(HERE, each, "index.html")));
const wanted = process.argv.slice(2).filter((each) => !each.startsWith("--"));
const check = process.argv.includes("--check");
const differing = [];
for (const name of folders.sort()) {
  if (wanted.length && !wanted.includes(name)) continue;
  const files = await built(name);
  if (check) differing.push(...(await differences(name, files)));
  else await write(name, files);
}
if (differing.length) {
  console.error(`Not as the sources make them (run: npm ci && node build.mjs):`);
  for (const file of differing) console.error(`  ${file}`);
  process.exitCode = 1;
}
