// The public API of each entry point as a report in packages/<package>/etc/, from the built declarations.
// `--check` fails where a report differs from what is committed; without it the reports are written.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const isCheck = process.argv.includes('--check')
const root = fileURLToPath(new URL('..', import.meta.url))
let failures = 0

for (const folder of ['core', 'adapters-node', 'adapters-express']) {
  const packageFolder = `${root}packages/${folder}`
  const manifest = JSON.parse(readFileSync(`${packageFolder}/package.json`, 'utf8'))
  mkdirSync(`${packageFolder}/etc`, { recursive: true })
  for (const [entry, target] of Object.entries<{ types?: string } | string>(manifest.exports)) {
    if (typeof target === 'string' || !target.types) continue
    const name = entry === '.' ? 'index' : entry.slice(2)
    const reportFileName = `${name}.api.md`
    if (isCheck && !existsSync(`${packageFolder}/etc/${reportFileName}`)) {
      console.error(`${folder}/etc/${reportFileName} is missing: run "pnpm run build" and "pnpm run api"`)
      failures++
      continue
    }
    const config = ExtractorConfig.prepare({
      packageJsonFullPath: `${packageFolder}/package.json`,
      configObjectFullPath: undefined,
      configObject: {
        projectFolder: packageFolder,
        mainEntryPointFilePath: `${packageFolder}/${target.types}`,
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              target: 'es2023',
              lib: ['es2024', 'esnext.disposable'],
              module: 'nodenext',
              moduleResolution: 'nodenext',
              strict: true,
              skipLibCheck: true,
              types: ['node'],
            },
            files: [target.types],
          },
        },
        apiReport: {
          enabled: true,
          reportFileName,
          reportFolder: `${packageFolder}/etc`,
          // What is compared with the report is written here; by default it would lie beside the manifest.
          reportTempFolder: `${packageFolder}/node_modules/.api`,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          extractorMessageReporting: {
            default: { logLevel: ExtractorLogLevel.Warning },
            'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
            'ae-undocumented': { logLevel: ExtractorLogLevel.None },
            'ae-unresolved-link': { logLevel: ExtractorLogLevel.None },
            'ae-missing-release-tag': { logLevel: ExtractorLogLevel.Error },
          },
          // The comments are written for people; what {@link} points at is checked by typedoc.
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
    })
    const { succeeded, apiReportChanged } = Extractor.invoke(config, {
      localBuild: !isCheck,
      showVerboseMessages: false,
    })
    if (!succeeded || (isCheck && apiReportChanged)) {
      console.error(
        `${folder}/etc/${basename(reportFileName)} differs from the built API: run "pnpm run api" and review`,
      )
      failures++
    }
  }
}
process.exitCode = failures === 0 ? 0 : 1
