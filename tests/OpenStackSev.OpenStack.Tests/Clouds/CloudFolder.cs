namespace OpenStackSev.OpenStack.Tests.Clouds;

/// <summary>A working, a home and a system folder of one test, and the environment that points at them.</summary>
internal sealed class CloudFolder : IDisposable
{
    public const string Password = "hunter2-of-this-test";

    /// <summary>One complete cloud, <c>dev</c>.</summary>
    public const string Dev = $"""
        clouds:
          dev:
            auth:
              auth_url: https://dev.example.org/identity
              username: operator
              password: {Password}
              project_name: admin
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("clouds-").FullName;

    public CloudFolder()
    {
        foreach (string folder in new[] { Working, Path.Combine(Home, ".config/openstack"), SystemFolder })
            Directory.CreateDirectory(folder);
        Environment = new CloudEnvironment(new Dictionary<string, string>(), Working, Home, SystemFolder);
    }

    public string Working => Path.Combine(_root, "work");

    public string Home => Path.Combine(_root, "home");

    public string SystemFolder => Path.Combine(_root, "etc");

    public CloudEnvironment Environment { get; }

    /// <summary>Writes a file; the path is relative to the three folders' parent.</summary>
    public string Write(string path, string text)
    {
        string full = Path.Combine(_root, path);
        File.WriteAllText(full, text);
        return full;
    }

    /// <summary>The settings of a cloud in a clouds.yaml of this text.</summary>
    public CloudSettings Load(string yaml, string? cloud = null)
    {
        Write("work/clouds.yaml", yaml);
        return CloudSettings.Load(cloud, Environment);
    }

    /// <summary>The error for a clouds.yaml of this text, after what holds for every error.</summary>
    public CloudConfigurationException Refused(string yaml, string? cloud = null)
    {
        Write("work/clouds.yaml", yaml);
        return Refused(Environment, cloud);
    }

    public static CloudConfigurationException Refused(CloudEnvironment environment, string? cloud = null)
    {
        var error = Assert.Throws<CloudConfigurationException>(() => CloudSettings.Load(cloud, environment));
        Assert.DoesNotContain("hunter2", error.ToString() + error.Hint, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
        foreach (string line in new[] { error.Message, error.Hint })
        {
            Assert.DoesNotContain('\n', line);
            Assert.False(line.EndsWith('.'), line);
        }

        return error;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
