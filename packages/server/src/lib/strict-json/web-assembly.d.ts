// What the scanner uses of WebAssembly: TypeScript describes it only together with the whole of a browser.
declare namespace WebAssembly {
  type ImportValue = Memory | ((...args: never[]) => number | boolean | void)

  class Module {
    constructor(bytes: Uint8Array)
  }

  class Memory {
    constructor(pages: { initial: number; maximum: number })
    readonly buffer: ArrayBuffer
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, ImportValue>>)
    readonly exports: Record<string, unknown>
  }
}
