namespace OpenStackSev;

/// <summary>The checkout that these tests were built from. Compiled into each test project.</summary>
internal static class Repository
{
    /// <summary>The folder of OpenStackSev.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Join(folder, "OpenStackSev.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("no OpenStackSev.sln above " + AppContext.BaseDirectory);
    }
}
