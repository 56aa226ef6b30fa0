{
  "targets": [
    {
      "target_name": "ductworks_sockets",
      "sources": [
        "addon.c",
        "address.c",
        "arguments.c",
        "bytes.c",
        "constants.c",
        "datagram.c",
        "descriptor.c",
        "environment.c",
        "life.c",
        "message.c",
        "naming.c",
        "options.c",
        "ownership.c",
        "poll.c",
        "transfer.c"
      ],
      "cflags": [
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wconversion",
        "-Wshadow",
        "-Wstrict-prototypes",
        "-Wvla",
        "-Wunused-parameter",
        "-fvisibility=hidden"
      ],
      "xcode_settings": {
        "GCC_C_LANGUAGE_STANDARD": "gnu11",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "GCC_TREAT_WARNINGS_AS_ERRORS": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "WARNING_CFLAGS": ["-Wall", "-Wextra", "-Wconversion"]
      }
    }
  ]
}
