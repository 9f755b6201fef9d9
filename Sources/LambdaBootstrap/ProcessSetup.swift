internal import CLinux
internal import Glibc
internal import Lambda

/// What a process needs before anything else runs.
enum ProcessSetup {
    static func apply() {
        // A peer that hangs up is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // A static glibc has the files and dns modules built in. Any other that the host's nsswitch.conf names it would
        // load from the host's libraries, which are of another version, and abort.
        _ = __nss_configure_lookup("hosts", "files dns")
        // libcurl's buffers and the bodies come and go with each invocation. Left alone, malloc returns them to the
        // kernel every time and faults every page in anew: 1 ms at 900 KB, four times the rest of the invocation.
        _ = mallopt(M_MMAP_THRESHOLD, 8 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 16 << 20)
        CrashReporter.install()
        ThrowTrace.install()
    }

    /// Ends a process that cannot even report to Lambda.
    static func fail(_ sentence: String) -> Never {
        let line = Array((sentence + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
        exit(LambdaRuntime.ExitCode.initFailed.rawValue)
    }
}
