// The interpreter with tapefix that the tests may use.

const path = process.env.TAPEFIX_PYTHON ?? "";

/** Its path, and what skips a test where there is none. */
export const python = {
  path,
  skip: { skip: path === "" ? "TAPEFIX_PYTHON does not name an interpreter with tapefix" : false },
};
