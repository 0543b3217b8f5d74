namespace OpenStackSev.OpenStack;

/// <summary>What a cloud is chosen from: the OS_* variables and the folders that are searched for clouds.yaml.</summary>
/// <remarks>A value, so that nothing below it reads the state of the process.</remarks>
/// <param name="Variables">Environment variables by exact name; an empty one counts as absent.</param>
/// <param name="WorkingFolder">Searched first, and what a relative path is relative to.</param>
/// <param name="HomeFolder">Its <c>.config/openstack</c> is searched second and <c>~</c> stands for it; null where there is none.</param>
/// <param name="SystemFolder">Searched last.</param>
public sealed record CloudEnvironment(
    IReadOnlyDictionary<string, string> Variables,
    string WorkingFolder,
    string? HomeFolder,
    string SystemFolder = "/etc/openstack")
{
    /// <summary>The environment of this process, copied: later changes of a variable are not seen.</summary>
    public static CloudEnvironment OfProcess()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            variables[(string)variable.Key] = (string?)variable.Value ?? "";

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        return new CloudEnvironment(variables, Environment.CurrentDirectory, home.Length > 0 ? home : null);
    }

    /// <summary>This environment with one variable set, the rest as it is.</summary>
    public CloudEnvironment With(string variable, string value) =>
        this with { Variables = new Dictionary<string, string>(Variables, StringComparer.Ordinal) { [variable] = value } };

    /// <summary>The folders only: variables hold passwords.</summary>
    public override string ToString() => $"{nameof(CloudEnvironment)} {{ {WorkingFolder}, {HomeFolder}, {SystemFolder} }}";

    /// <summary>The value of a variable, null when it is absent or empty.</summary>
    internal string? Variable(string name) => Variables.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;

    /// <summary>A path as a person writes it: <c>~</c> is the home folder, a relative one is relative to the working folder.</summary>
    internal string FullPath(string path)
    {
        if (HomeFolder is { } home && (path == "~" || path.StartsWith("~/", StringComparison.Ordinal)))
            return Path.GetFullPath(path.Length > 2 ? Path.Combine(home, path[2..]) : home);
        return Path.GetFullPath(path, Path.GetFullPath(WorkingFolder));
    }
}
