import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import manifest from "../package.json";

const SOURCES = ["session", "palette", "extension"];

test("the package holds what runs, and nothing else", async () => {
  const { stdout } = await promisify(execFile)("node", ["node_modules/@vscode/vsce/vsce", "ls", "--no-dependencies"]);
  assert.deepEqual(stdout.trim().split("\n").sort(), ["README.md", "out/extension.js", "package.json"]);
});

test("every command of package.json is registered, and no other", async () => {
  const texts = await Promise.all(SOURCES.map((name) => readFile(`src/${name}.ts`, "utf8")));
  const registered = texts
    .flatMap((text) => [...text.matchAll(/register(?:TextEditor)?Command\("([^"]+)"/g)])
    .map((match) => match[1]);
  const declared = manifest.contributes.commands.map(({ command }) => command);
  assert.deepEqual(registered.sort(), declared.sort());
});

test("settings that name what is executed are not taken from a workspace that is not trusted", () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const key of ["path", "interpreter", "python", "run", "sandbox"]) {
    assert.ok(restricted.includes(`tapefix.${key}`), key);
  }
  const known = Object.keys(manifest.contributes.configuration.properties);
  assert.deepEqual(
    restricted.filter((key) => !known.includes(key)),
    [],
  );
});
