namespace OpenStackSev.Cli;

/// <summary>What <c>osev</c> answers its caller. Findings about the judged thing are not failures: the command did its work.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The world failed: a folder, a service, a permission.</summary>
    public const int Failed = 1;

    /// <summary>Of commands whose 0, 1 and 2 are answers: there is none, whatever the reason.</summary>
    public const int NotJudged = 3;

    /// <summary>EX_USAGE of sysexits.h: the command line cannot be meant.</summary>
    public const int BadUsage = 64;

    /// <summary>EX_CONFIG of sysexits.h, of a service: a restart changes nothing until somebody has configured it.</summary>
    public const int Configuration = 78;

    /// <summary>As a shell reports SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>As a shell reports SIGTERM. A service that was told to stop ends with <see cref="Ok"/>.</summary>
    public const int Terminated = 143;
}
