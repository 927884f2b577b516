import { defineConfig, type Options } from 'tsup'

/**
 * How every package is built: its entries as ESM with bundled declarations. The only file that knows the bundler, so
 * that another one is a change of this file alone.
 */
export function packageBuild(entry: Record<string, string>): Options | Options[] {
  return defineConfig({
    entry,
    format: 'esm',
    target: 'node22',
    platform: 'node',
    dts: true,
    sourcemap: true,
    clean: true,
    splitting: true,
    treeshake: true,
  }) as Options
}
