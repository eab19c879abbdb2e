"""The words that generated crashes are made of."""

PRODUCTS = (
    ("Firefox", "{ec8030f7-c20a-464f-9b0e-13a3a9e97384}"),
    ("Fenix", "{aa3c5121-dab2-40e2-81ca-7ea25febc110}"),
    ("Thunderbird", "{3550f703-e582-4d05-9a08-453d09bdfdc6}"),
)
CHANNELS = ("release", "release", "release", "beta", "esr", "nightly")
PROCESS_TYPES = ("parent", "content", "content", "gpu", "rdd", "utility")
LOCALES = ("en-US", "de", "fr", "ja", "pl", "pt-BR", "zh-CN", "ru", "es-ES", "it")
SYSTEMS = (
    ("Windows NT", "10.0.22631"),
    ("Windows NT", "10.0.19045"),
    ("Linux", "6.1.0 #1 SMP PREEMPT_DYNAMIC x86_64"),
    ("Mac OS X", "15.1.0 24B83"),
)
REASONS = (
    "EXCEPTION_ACCESS_VIOLATION_READ",
    "EXCEPTION_ACCESS_VIOLATION_WRITE",
    "EXCEPTION_STACK_OVERFLOW",
    "SIGSEGV / SEGV_MAPERR",
    "SIGABRT",
    "EXC_BAD_ACCESS / KERN_INVALID_ADDRESS",
)
ASSERTIONS = (
    "assertion failed: index < length",
    "out of memory",
    "shutdown hung in profile-before-change",
    "called `Option::unwrap()` on a `None` value",
)
THREAD_NAMES = (
    "GeckoMain",
    "Compositor",
    "Renderer",
    "Socket Thread",
    "StreamTrans #1",
    "DOM Worker",
    "Timer",
    "IPC I/O Child",
    "ImageIO",
    "JS Watchdog",
)
MODULES = (
    "xul",
    "mozglue",
    "nss3",
    "ntdll",
    "kernel32",
    "user32",
    "d3d11",
    "dxgi",
    "libc",
    "libpthread",
    "libglib",
    "libgtk",
    "libnvidia-glcore",
    "CoreFoundation",
    "AppKit",
    "rpcrt4",
)
NAMESPACES = (
    "mozilla",
    "mozilla::dom",
    "mozilla::layers",
    "js",
    "js::jit",
    "nsTArray",
    "webrender",
)
VERBS = ("Run", "Process", "Paint", "Flush", "Dispatch", "Notify", "Trace", "Compile", "Release")
NOUNS = ("Event", "Runnable", "DisplayList", "Frame", "Queue", "Channel", "Script", "Surface")
DOMAINS = ("news", "mail", "video", "maps", "shop", "wiki", "social", "bank")
ADDON_NAMES = ("blocker", "passwords", "theme", "translator", "downloader", "notes", "darkmode")
