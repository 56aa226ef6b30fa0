import tseslint from "typescript-eslint"

/** What is public in packages/<package>/src says what it is, since when, and where it belongs in the reference. */
const documentedExports = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      missing: "An export needs a doc comment with {{ tag }}.",
      tagsOnly: "The doc comment of an export begins with a sentence, not with its tags."
    }
  },
  create: (context) => ({
    ExportNamedDeclaration(node) {
      const [comment] = context.sourceCode.getCommentsBefore(node).slice(-1)
      const text = comment?.type === "Block" && comment.value.startsWith("*") ? comment.value : ""
      const previous = node.parent.body[node.parent.body.indexOf(node) - 1]
      const overload = previous?.declaration?.type === "TSDeclareFunction"
      if (node.declaration === null || overload) return
      for (const tag of ["@since", "@category"]) {
        if (!text.includes(tag)) context.report({ node, messageId: "missing", data: { tag } })
      }
      if (/^[\s*]*@/.test(text)) context.report({ node, messageId: "tagsOnly" })
    }
  })
}

const typed = {
  files: ["**/*.ts"],
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { project: "scripts/tsconfig.lint.json", tsconfigRootDir: import.meta.dirname }
  },
  plugins: { "@typescript-eslint": tseslint.plugin },
  rules: {
    eqeqeq: "error",
    "no-var": "error",
    "prefer-const": "error",
    "no-constant-condition": ["error", { checkLoops: false }],
    "no-control-regex": "error",
    "no-fallthrough": "error",
    "no-unreachable": "error",
    "no-self-assign": "error",
    "no-sparse-arrays": "error",
    "@typescript-eslint/await-thenable": "error",
    "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": "allow-with-description" }],
    "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
    "@typescript-eslint/no-array-delete": "error",
    "@typescript-eslint/no-base-to-string": "error",
    "@typescript-eslint/no-explicit-any": "error",
    "@typescript-eslint/no-floating-promises": "error",
    "@typescript-eslint/no-for-in-array": "error",
    "@typescript-eslint/no-implied-eval": "error",
    "@typescript-eslint/no-misused-promises": "error",
    "@typescript-eslint/no-non-null-assertion": "error",
    "@typescript-eslint/no-unnecessary-type-assertion": "error",
    "@typescript-eslint/no-unsafe-argument": "error",
    "@typescript-eslint/no-unsafe-assignment": "error",
    "@typescript-eslint/no-unsafe-call": "error",
    "@typescript-eslint/no-unsafe-member-access": "error",
    "@typescript-eslint/no-unsafe-return": "error",
    "@typescript-eslint/restrict-plus-operands": "error",
    "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }]
  }
}

const scripts = {
  files: ["**/*.{js,mjs,cjs}"],
  languageOptions: { sourceType: "module", ecmaVersion: "latest" },
  rules: {
    eqeqeq: "error",
    "no-unused-vars": "error",
    "no-unreachable": "error",
    "prefer-const": "error"
  }
}

const sources = {
  files: ["packages/*/src/**/*.ts"],
  ignores: ["packages/*/src/internal/**", "packages/*/src/index.ts"],
  plugins: { ductworks: { rules: { "documented-exports": documentedExports } } },
  rules: { "ductworks/documented-exports": "error" }
}

const moduleImports = {
  files: ["packages/*/src/**/*.ts"],
  rules: {
    "no-console": "error",
    "no-restricted-imports": [
      "error",
      {
        paths: ["effect", "@effect/platform", "@effect/platform-node"].map((name) => ({
          name,
          message: `Import the module: ${name}/<Module>. Bundles and start-up stay small.`
        }))
      }
    ]
  }
}

const unfinishedTests = {
  files: ["packages/*/test/**/*.ts", "examples/test/**/*.ts", "benchmarks/test/**/*.ts"],
  rules: {
    "no-restricted-syntax": [
      "error",
      {
        selector: "MemberExpression[property.name=/^(skip|only|todo|fails)$/][object.name=/^(it|test|describe)$/]",
        message: "No skipped, focused or unfinished tests."
      },
      {
        selector:
          "MemberExpression[property.name=/^(skip|only|todo|fails)$/][object.object.name=/^(it|test|describe)$/]",
        message: "No skipped, focused or unfinished tests."
      }
    ]
  }
}

export default [
  { ignores: ["**/dist/", "**/build/", "**/node_modules/"] },
  typed,
  scripts,
  sources,
  moduleImports,
  unfinishedTests
]
