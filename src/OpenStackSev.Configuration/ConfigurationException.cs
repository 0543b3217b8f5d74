namespace OpenStackSev.Configuration;

/// <summary>The configuration cannot be used. <see cref="Problems"/> holds all that is wrong with it.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>Each names the file or the key, the value and the remedy; never the value of a secret.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
