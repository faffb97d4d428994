// The section `tapefix` of the settings, as the server reads it.

import { isAbsolute, join } from "node:path";

/** Settings that the server knows, by their names in the section. */
export const SERVER_SETTINGS = [
  "python",
  "run",
  "device",
  "samples",
  "timeout",
  "memory",
  "sandbox",
  "select",
  "ignore",
  "unsafe",
  "openFilesOnly",
] as const;

/** What is read of a configuration of VS Code. */
export interface Section {
  get(key: string): unknown;
  inspect(key: string): Inspection | undefined;
}

/** Where a setting has a value. */
export interface Inspection {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** What variables in a setting stand for. */
export interface Places {
  readonly home: string;
  /** The workspace folder that the setting is read for. */
  readonly folder: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The settings for the server: only those that somebody has set, so that a default of the editor never goes before
 * what `pyproject.toml` says.
 *
 * @param environment the interpreter that is selected in the editor: the server falls back to it for runs.
 */
export function serverSettings(section: Section, places: Places, environment?: string): Record<string, unknown> {
  const settings: Record<string, unknown> = environment === undefined ? {} : { environment };
  for (const key of SERVER_SETTINGS) {
    if (!isSet(section.inspect(key))) {
      continue;
    }
    const value = section.get(key);
    if (value !== "" && value !== null && value !== undefined) {
      settings[key] = key === "python" ? expandPath(String(value), places) : value;
    }
  }
  return settings;
}

/** A path from the settings with `~` and variables filled in; a relative one lies in the workspace folder. */
export function expandPath(path: string, places: Places): string {
  const trimmed = path.trim();
  if (trimmed === "") {
    return "";
  }
  const filled = trimmed
    .replace(/^~(?=$|[\\/])/, () => places.home)
    .replace(/\$\{(userHome|workspaceFolder|env:([^}]+))\}/g, (whole, name: string, variable: string | undefined) => {
      if (variable !== undefined) {
        return places.environment[variable] ?? "";
      }
      return name === "userHome" ? places.home : (places.folder ?? whole);
    });
  return isAbsolute(filled) || places.folder === undefined ? filled : join(places.folder, filled);
}

function isSet(inspection: Inspection | undefined): boolean {
  return (
    inspection !== undefined &&
    [inspection.globalValue, inspection.workspaceValue, inspection.workspaceFolderValue].some(
      (value) => value !== undefined,
    )
  );
}
