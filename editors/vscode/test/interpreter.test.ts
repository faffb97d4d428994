import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseServer, type Machine, type State, type Wishes } from "../src/interpreter";

const NOTHING: Wishes = { path: "", interpreter: "", environments: [] };

/** A machine that has what is named, and notes what was asked. */
function machineWith(states: Record<string, State>, files: string[] = [], onPath?: string) {
  const probed: string[] = [];
  const machine: Machine = {
    probe: async (python) => {
      probed.push(python);
      return states[python] ?? "unusable";
    },
    exists: async (path) => files.includes(path),
    find: async (program) => (program === "tapefix" ? onPath : undefined),
  };
  return { machine, probed };
}

test("a program that is named goes before everything", async () => {
  const { machine, probed } = machineWith({ "/env/python": "ready" }, ["/opt/tapefix"], "/usr/bin/tapefix");
  const wishes = { path: "/opt/tapefix", interpreter: "/env/python", environments: ["/env/python"] };
  assert.deepEqual(await chooseServer(wishes, machine), { kind: "server", command: "/opt/tapefix", args: ["lsp"] });
  assert.deepEqual(probed, []);
});

test("a named program that is not there is not replaced by another", async () => {
  const { machine } = machineWith({ "/env/python": "ready" }, [], "/usr/bin/tapefix");
  const choice = await chooseServer({ ...NOTHING, path: "/no/tapefix", environments: ["/env/python"] }, machine);
  assert.equal(choice.kind, "absent");
  assert.match(choice.kind === "absent" ? choice.message : "", /\/no\/tapefix/);
});

test("a named interpreter goes before the selected one", async () => {
  const { machine } = machineWith({ "/named": "ready", "/selected": "ready" });
  const choice = await chooseServer({ path: "", interpreter: "/named", environments: ["/selected"] }, machine);
  assert.deepEqual(choice, { kind: "server", command: "/named", args: ["-m", "tapefix", "lsp"] });
});

test("a named interpreter without tapefix is said to be so, and can install it", async () => {
  const { machine } = machineWith({ "/named": "missing", "/selected": "ready" }, [], "/usr/bin/tapefix");
  const choice = await chooseServer({ path: "", interpreter: "/named", environments: ["/selected"] }, machine);
  assert.deepEqual(choice, {
    kind: "absent",
    message: "tapefix is not installed in /named.",
    interpreter: "/named",
  });
});

test("the first selected interpreter that has tapefix, each asked once", async () => {
  const { machine, probed } = machineWith({ "/a": "missing", "/b": "ready", "/c": "ready" });
  const choice = await chooseServer({ ...NOTHING, environments: ["/a", "/a", "/b", "/c"] }, machine);
  assert.deepEqual(choice, { kind: "server", command: "/b", args: ["-m", "tapefix", "lsp"] });
  assert.deepEqual(probed, ["/a", "/b"]);
});

test("tapefix on the PATH where no selected interpreter has it", async () => {
  const { machine } = machineWith({ "/a": "missing" }, [], "/usr/bin/tapefix");
  const choice = await chooseServer({ ...NOTHING, environments: ["/a"] }, machine);
  assert.deepEqual(choice, { kind: "server", command: "/usr/bin/tapefix", args: ["lsp"] });
});

test("nothing anywhere: the message is about the first selected interpreter", async () => {
  const { machine } = machineWith({ "/a": "outdated", "/b": "missing" });
  const choice = await chooseServer({ ...NOTHING, environments: ["/a", "/b"] }, machine);
  assert.deepEqual(choice, {
    kind: "absent",
    message: "The tapefix in /a has no language server.",
    interpreter: "/a",
  });
});

test("an interpreter that does not run is not asked to install anything", async () => {
  const { machine } = machineWith({});
  const choice = await chooseServer({ ...NOTHING, environments: ["/broken"] }, machine);
  assert.equal(choice.kind === "absent" && choice.interpreter, undefined);
});

test("no interpreter selected at all", async () => {
  const { machine } = machineWith({});
  const choice = await chooseServer(NOTHING, machine);
  assert.match(choice.kind === "absent" ? choice.message : "", /PATH/);
});
