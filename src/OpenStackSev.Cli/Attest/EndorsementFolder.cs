namespace OpenStackSev.Cli.Attest;

/// <summary>Where endorsements are kept when nobody says where.</summary>
internal static class EndorsementFolder
{
    private const string OfSystem = "/var/lib/openstack-sev/endorsements";

    /// <summary><c>$OSEV_ENDORSEMENTS</c>, else the system's when it is there, else the user's.</summary>
    /// <param name="environment">Answers null for a variable that is not set.</param>
    public static string Default(Func<string, string?> environment)
    {
        if (environment("OSEV_ENDORSEMENTS") is { Length: > 0 } named)
            return named;
        if (Directory.Exists(OfSystem))
            return OfSystem;
        string shared = environment("XDG_DATA_HOME") is { Length: > 0 } home && Path.IsPathRooted(home) ? home
            : Path.Join(environment("HOME"), ".local/share");
        return Path.Join(shared, "openstack-sev/endorsements");
    }
}
