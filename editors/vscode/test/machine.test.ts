import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { machine } from "../src/machine";
import { python } from "./python";

const POSIX = process.platform === "win32" ? "a script is a program only on POSIX" : false;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tapefix-"));
});

after(() => rm(folder, { recursive: true }));

/** A program that ends with an exit code. */
async function program(name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

test("an interpreter with tapefix is ready", python.skip, async () => {
  assert.equal(await machine(folder).probe(python.path), "ready");
});

test("an interpreter without tapefix lacks it", python.skip, async () => {
  // Without site-packages, where tapefix is installed.
  const bare = await program("bare", `exec "${python.path}" -I -S "$@"`);
  assert.equal(await machine(folder).probe(bare), "missing");
});

test("a tapefix without the language server is outdated", python.skip, async () => {
  const place = await mkdtemp(join(folder, "old-"));
  await mkdir(join(place, "tapefix"));
  await writeFile(join(place, "tapefix", "__init__.py"), "");
  // An old tapefix comes before the one that is installed.
  const old = await program("old", `PYTHONPATH="${place}" exec "${python.path}" "$@"`);
  assert.equal(await machine(folder).probe(old), "outdated");
});

test("a program that is no Python is unusable, and so is one that is not there", { skip: POSIX }, async () => {
  assert.equal(await machine(folder).probe(await program("other", "exit 1")), "unusable");
  assert.equal(await machine(folder).probe(await program("quiet", "exit 0")), "unusable");
  assert.equal(await machine(folder).probe(join(folder, "none")), "unusable");
});

test("the PATH is searched in its order, for programs only", { skip: POSIX }, async () => {
  const first = await mkdtemp(join(folder, "first-"));
  const second = await mkdtemp(join(folder, "second-"));
  await writeFile(join(first, "tapefix"), "");
  await writeFile(join(second, "tapefix"), "");
  await chmod(join(second, "tapefix"), 0o755);
  const path = ["", "relative", first, second].join(delimiter);
  assert.equal(await machine(folder, { PATH: path }).find("tapefix"), join(second, "tapefix"));
  assert.equal(await machine(folder, { PATH: first }).find("tapefix"), undefined);
  assert.equal(await machine(folder, {}).find("tapefix"), undefined);
});

test("a folder is no program", async () => {
  assert.equal(await machine(folder).exists(folder), false);
  await writeFile(join(folder, "file"), "");
  assert.equal(await machine(folder).exists(join(folder, "file")), true);
});
