// One server for the window, and what starts it anew.

import { homedir } from "node:os";
import * as vscode from "vscode";
import { DidChangeConfigurationNotification, LanguageClient, type Middleware } from "vscode-languageclient/node";
import { RUNNING, withoutRuns } from "./actions";
import type { Environments } from "./environments";
import { type Choice, chooseServer } from "./interpreter";
import { machine } from "./machine";
import { reportAbsence } from "./messages";
import { DOCUMENTS, executable } from "./server";
import { expandPath, type Places, serverSettings } from "./settings";

const SECTION = "tapefix";

/** The server of this window: started, restarted when another one is to be used, stopped. */
export class Session implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private running = "";
  private queue: Promise<void> = Promise.resolve();
  private readonly disposables: vscode.Disposable[];

  constructor(
    private readonly folder: string,
    private readonly log: vscode.LogOutputChannel,
    private readonly environments: Environments,
  ) {
    this.disposables = [
      environments.onDidChange(() => this.refresh()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (["path", "interpreter"].some((key) => event.affectsConfiguration(`${SECTION}.${key}`))) {
          this.refresh();
        }
      }),
    ];
  }

  /** Use the server that the settings now ask for; the one that runs stays when it is the same. */
  refresh(): Promise<void> {
    return this.enqueue(async () => {
      const choice = await this.choose();
      if (this.client?.isRunning() && this.running === JSON.stringify(choice)) {
        await this.tellSettings(this.client);
      } else {
        await this.replace(choice);
      }
    });
  }

  /** Stop the server, and start it as the settings now say. */
  restart(): Promise<void> {
    return this.enqueue(async () => this.replace(await this.choose()));
  }

  /** Stop the server. */
  stop(): Promise<void> {
    return this.enqueue(() => this.end());
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** One thing after the other: a server that is starting cannot be stopped. */
  private enqueue(task: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(task).catch((error: unknown) => {
      this.log.error(String(error));
      void vscode.window.showErrorMessage(`tapefix: ${error instanceof Error ? error.message : String(error)}`);
    });
    return this.queue;
  }

  private async choose(): Promise<Choice> {
    const section = vscode.workspace.getConfiguration(SECTION);
    const where = places(localFolders()[0]);
    const path = expandPath(section.get("path", ""), where);
    const interpreter = expandPath(section.get("interpreter", ""), where);
    // An interpreter that lies in the workspace is code of the workspace; and the Python extension may take its time.
    const asked = vscode.workspace.isTrusted && path === "" && interpreter === "";
    const environments = asked ? await this.selected() : [];
    return chooseServer({ path, interpreter, environments }, machine(this.folder));
  }

  private async selected(): Promise<string[]> {
    const folders = localFolders();
    const found = await Promise.all(
      (folders.length > 0 ? folders : [undefined]).map((folder) => this.environments.selected(folder)),
    );
    return found.filter((python) => python !== undefined);
  }

  private async replace(choice: Choice): Promise<void> {
    await this.end();
    if (choice.kind === "absent") {
      this.log.warn(choice.message);
      // Not waited for: the message stays until somebody answers it.
      void reportAbsence(choice, this.folder, () => this.restart());
      return;
    }
    const server = executable(choice, this.folder);
    this.log.info(`Starting ${[server.command, ...(server.args ?? [])].join(" ")}`);
    const client: LanguageClient = new LanguageClient(SECTION, "tapefix", server, {
      documentSelector: DOCUMENTS,
      outputChannel: this.log,
      middleware: this.middleware(() => client),
      initializationFailedHandler: (error) => {
        this.log.error(`${server.command} does not answer as a language server: ${String(error)}`);
        return false;
      },
    });
    this.client = client;
    this.running = JSON.stringify(choice);
    try {
      await client.start();
    } catch {
      // The client has told the user, and leads to the log.
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One whose start has failed, or that has ended by itself, has nothing to stop, and refuses to.
    if (client?.needsStop()) {
      try {
        // After a crash it may be starting anew, and cannot be stopped before it runs.
        await client.start();
        await client.dispose();
      } catch (error) {
        this.log.warn(`The server did not stop in order: ${String(error)}`);
      }
    }
  }

  private middleware(client: () => LanguageClient): Middleware {
    return {
      provideCodeActions: async (document, range, context, token, next) => {
        const actions = await next(document, range, context, token);
        return vscode.workspace.isTrusted || !actions ? actions : withoutRuns(actions);
      },
      executeCommand: (command, args, next) => {
        if (RUNNING.has(command) && !vscode.workspace.isTrusted) {
          void vscode.window.showWarningMessage("tapefix runs code only in workspaces that you trust.");
          return undefined;
        }
        return next(command, args);
      },
      workspace: {
        configuration: async (params, token, next) => {
          const answers = await next(params, token);
          return Array.isArray(answers)
            ? Promise.all(
                params.items.map((item, index) =>
                  item.section === SECTION
                    ? this.settings(item.scopeUri === undefined ? undefined : vscode.Uri.parse(item.scopeUri))
                    : answers[index],
                ),
              )
            : answers;
        },
        didChangeConfiguration: () => this.tellSettings(client()),
      },
    };
  }

  private async tellSettings(client: LanguageClient): Promise<void> {
    await client.sendNotification(DidChangeConfigurationNotification.type, {
      settings: { [SECTION]: await this.settings(undefined) },
    });
  }

  private async settings(scope: vscode.Uri | undefined): Promise<Record<string, unknown>> {
    const folder = scope === undefined ? localFolders()[0] : vscode.workspace.getWorkspaceFolder(scope);
    const section = vscode.workspace.getConfiguration(SECTION, scope ?? folder);
    const environment = vscode.workspace.isTrusted ? await this.environments.selected(folder) : undefined;
    return serverSettings(section, places(folder), environment);
  }
}

function localFolders(): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
}

function places(folder: vscode.WorkspaceFolder | undefined): Places {
  return { home: homedir(), folder: folder?.uri.fsPath, environment: process.env };
}
