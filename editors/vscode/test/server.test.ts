import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  type CodeAction,
  CodeActionRequest,
  ConfigurationRequest,
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  ShutdownRequest,
} from "vscode-languageserver-protocol/node";
import { RUNNING } from "../src/actions";
import { chooseServer } from "../src/interpreter";
import { machine } from "../src/machine";
import { executable } from "../src/server";
import { python } from "./python";

const CASE = resolve("../../fixtures/numpy-function-on-path/saliency_map");

test("the server that was chosen starts, and finds what broke a fixture", python.skip, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "tapefix-"));
  context.after(() => rm(folder, { recursive: true }));
  const text = await readFile(join(CASE, "before.py"), "utf8");
  const file = join(folder, "saliency.py");
  await writeFile(file, text);
  const uri = pathToFileURL(file).href;

  const choice = await chooseServer({ path: "", interpreter: "", environments: [python.path] }, machine(folder));
  assert.equal(choice.kind, "server");
  const { command, args, options } = executable(choice, folder);
  const server = spawn(command, args ?? [], { ...options, stdio: ["pipe", "pipe", "inherit"] });
  context.after(() => server.kill());
  const exited = once(server, "exit");

  const connection = createProtocolConnection(server.stdout, server.stdin);
  const published = new Promise<PublishDiagnosticsParams>((found) => {
    connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
      if (params.uri === uri && params.diagnostics.length > 0) {
        found(params);
      }
    });
  });
  connection.onRequest(ConfigurationRequest.type, (params) => params.items.map(() => ({})));
  connection.listen();
  const { capabilities } = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "project" }],
    capabilities: {
      workspace: { configuration: true, workspaceFolders: true },
      textDocument: {
        publishDiagnostics: { relatedInformation: true },
        codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "source.fixAll"] } } },
      },
    },
  });
  assert.ok(capabilities.codeActionProvider);
  // One that is not known to run code would be there in workspaces that are not trusted.
  const commands = capabilities.executeCommandProvider?.commands ?? [];
  assert.deepEqual(
    commands.filter((command) => !RUNNING.has(command)),
    [],
  );
  await connection.sendNotification(InitializedNotification.type, {});
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "python", version: 1, text },
  });

  const { diagnostics } = await published;
  assert.ok(diagnostics.every((diagnostic) => /^TPF\d{3}$/.test(String(diagnostic.code))));
  assert.ok(diagnostics.some((diagnostic) => diagnostic.code === "TPF201"));

  const last = text.split("\n").length;
  const actions = await connection.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range: { start: { line: 0, character: 0 }, end: { line: last, character: 0 } },
    context: { diagnostics: [], only: ["source.fixAll.tapefix"] },
  });
  assert.deepEqual(
    (actions as CodeAction[]).map((action) => action.kind),
    ["source.fixAll.tapefix"],
  );

  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  assert.deepEqual(await exited, [0, null]);
});
