import assert from "node:assert/strict";
import { test } from "node:test";
import { fixAllKind, withCommand, withoutRuns } from "../src/actions";

const QUICK = { title: "Replace `.numpy()`" };
const VERIFY = { title: "Fix and verify", command: { command: "tapefix.fixAndVerify" } };
const WHY = { title: "Show why", command: "tapefix.showWhy" };
const OTHER = { title: "Sort imports", command: { command: "isort.sort" } };

test("a cell is fixed with its notebook, a file by itself", () => {
  assert.equal(fixAllKind("vscode-notebook-cell"), "notebook.source.fixAll.tapefix");
  assert.equal(fixAllKind("file"), "source.fixAll.tapefix");
  assert.equal(fixAllKind("untitled"), "source.fixAll.tapefix");
});

test("actions are known by the command that they run", () => {
  assert.deepEqual(withCommand([QUICK, VERIFY, WHY, OTHER], "tapefix.showWhy"), [WHY]);
  assert.deepEqual(withCommand([QUICK, VERIFY], "tapefix.fixAndVerify"), [VERIFY]);
  assert.deepEqual(withCommand([QUICK], "tapefix.showWhy"), []);
});

test("where nothing may be executed, the actions that run code are left out", () => {
  assert.deepEqual(withoutRuns([QUICK, VERIFY, WHY, OTHER]), [QUICK, OTHER]);
});
