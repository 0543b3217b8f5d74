namespace OpenStackSev.Configuration;

/// <summary>Which files a start reads, as oslo.config has it: a file, then the <c>*.conf</c> of the folder beside it.</summary>
/// <param name="DefaultFile">Read when no file and no folder is given, if it exists; then <c>DefaultFile.d/*.conf</c>.</param>
public sealed record ConfigurationFiles(string DefaultFile)
{
    /// <summary>The files of a command line, in the order in which they are read.</summary>
    /// <exception cref="ConfigurationException">A folder does not exist.</exception>
    public IReadOnlyList<string> Of(IReadOnlyList<string> files, IReadOnlyList<string> folders) =>
        files.Count + folders.Count == 0 ? Defaults() : [.. files, .. folders.SelectMany(folder => OfFolder(folder, mustExist: true))];

    private List<string> Defaults()
    {
        var files = new List<string>();
        if (File.Exists(DefaultFile))
            files.Add(DefaultFile);
        files.AddRange(OfFolder(DefaultFile + ".d", mustExist: false));
        return files;
    }

    private static IReadOnlyList<string> OfFolder(string folder, bool mustExist)
    {
        if (Directory.Exists(folder))
            return [.. Directory.GetFiles(folder, "*.conf").Order(StringComparer.Ordinal)];
        return mustExist
            ? throw new ConfigurationException([$"{folder}: no such folder; --config-dir needs one that holds *.conf files"])
            : [];
    }
}
