// Compiles a TypeScript project without checking types, in a third of the compiler's time.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "../../local/node_modules/typescript/lib/typescript.js";

const [project, folder] = process.argv.slice(2);
const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, project);
const compilerOptions = { ...options, module: ts.ModuleKind.ESNext };
for (const name of fileNames) {
  const text = readFileSync(name, "utf8");
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: name });
  const file = join(folder, relative(options.rootDir, name).replace(/ts$/, "js"));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, outputText);
}
