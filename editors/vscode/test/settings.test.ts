import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import manifest from "../package.json";
import { expandPath, type Inspection, type Places, SERVER_SETTINGS, serverSettings } from "../src/settings";

const PLACES: Places = { home: "/home/me", folder: "/data/project", environment: { ENVS: "/envs" } };

/** A section in which some settings were made, each in one place. */
function section(made: Record<string, Inspection>, defaults: Record<string, unknown> = {}) {
  return {
    get: (key: string) =>
      made[key]?.workspaceFolderValue ?? made[key]?.workspaceValue ?? made[key]?.globalValue ?? defaults[key],
    inspect: (key: string) => made[key] ?? {},
  };
}

test("defaults are not sent: what pyproject.toml says must not be lost", () => {
  assert.deepEqual(serverSettings(section({}, { samples: 2, sandbox: "auto", select: [] }), PLACES), {});
});

test("what was set anywhere is sent", () => {
  const made = {
    device: { globalValue: "cpu" },
    samples: { workspaceValue: 3 },
    select: { workspaceFolderValue: ["TPF1"] },
    unsafe: { globalValue: true, workspaceFolderValue: false },
    ignore: { workspaceValue: [] },
  };
  assert.deepEqual(serverSettings(section(made), PLACES), {
    device: "cpu",
    samples: 3,
    select: ["TPF1"],
    ignore: [],
    unsafe: false,
  });
});

test("an emptied setting is not set, and settings of the client stay with it", () => {
  const made = { python: { globalValue: "" }, run: { workspaceValue: "" }, path: { globalValue: "/opt/tapefix" } };
  assert.deepEqual(serverSettings(section(made), PLACES), {});
});

test("the interpreter for runs is a path", () => {
  const made = { python: { workspaceValue: ".venv" }, run: { workspaceValue: "~/x ${userHome}" } };
  assert.deepEqual(serverSettings(section(made), PLACES), {
    python: join("/data/project", ".venv"),
    run: "~/x ${userHome}",
  });
});

test("the selected interpreter goes along, and is no setting", () => {
  assert.deepEqual(serverSettings(section({}), PLACES, "/envs/tf/bin/python"), { environment: "/envs/tf/bin/python" });
});

test("paths", () => {
  const cases: [string, string][] = [
    ["", ""],
    ["   ", ""],
    ["/usr/bin/python3", "/usr/bin/python3"],
    ["~/venv/bin/python", "/home/me/venv/bin/python"],
    ["~", "/home/me"],
    ["~other/python", join("/data/project", "~other/python")],
    ["${userHome}/bin/python", "/home/me/bin/python"],
    ["${workspaceFolder}/.venv/bin/python", "/data/project/.venv/bin/python"],
    ["${env:ENVS}/tf/bin/python", "/envs/tf/bin/python"],
    [".venv/bin/python", join("/data/project", ".venv/bin/python")],
  ];
  for (const [setting, path] of cases) {
    assert.equal(expandPath(setting, PLACES), path, setting);
  }
});

test("a home with a dollar sign in its name stays as it is", () => {
  assert.equal(expandPath("~/x", { ...PLACES, home: "/home/$&" }), "/home/$&/x");
});

test("outside a workspace a relative path stays relative", () => {
  const places = { ...PLACES, folder: undefined };
  assert.equal(expandPath("${workspaceFolder}/python", places), "${workspaceFolder}/python");
  assert.equal(expandPath("python3", places), "python3");
});

test("every setting for the server is in package.json, and every one there is used", () => {
  const own = ["path", "interpreter", "trace.server"];
  assert.deepEqual(
    Object.keys(manifest.contributes.configuration.properties).sort(),
    [...SERVER_SETTINGS, ...own].map((key) => `tapefix.${key}`).sort(),
  );
});
