import type { Options } from 'tsup'
import { packageBuild } from '../../scripts/package-build.ts'

const build: Options | Options[] = packageBuild({ index: 'src/index.ts' })

export default build
