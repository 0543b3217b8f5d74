using OpenStackSev.OpenStack.Keystone;

namespace OpenStackSev.OpenStack.Heat;

/// <summary>Tokens of the same user for other projects than its own: one each, for so many projects as were used last.</summary>
internal sealed class ProjectTokens(IKeystoneApi keystone, CloudSettings cloud, TimeProvider time) : IDisposable
{
    /// <summary>Name of a request's property: the id of the project that its token is for.</summary>
    public const string ProjectProperty = "openstack-project";

    /// <summary>Some kilobytes each, most of it the catalogue.</summary>
    public const int MostKept = 128;

    private static readonly HttpRequestOptionsKey<object?> s_project = new(ProjectProperty);

    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Project, TokenSource Tokens)>> kept = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Project, TokenSource Tokens)> byUse = new();

    /// <summary>Those of the project that a request names.</summary>
    /// <exception cref="OpenStackApiException">The credentials are bound to one project.</exception>
    public TokenSource Of(HttpRequestMessage request) => request.Options.TryGetValue(s_project, out object? named) && named is string { Length: > 0 } project
        ? Of(project)
        : throw new InvalidOperationException($"{request.Method} {request.RequestUri?.AbsolutePath} names no project");

    private TokenSource Of(string project)
    {
        if (cloud.AuthType == CloudAuthType.ApplicationCredential)
        {
            throw new OpenStackApiException("identity", $"POST {cloud.AuthUrl}/auth/tokens", status: null, OpenStackCodes.FixedScope, requestId: null,
                "an application credential is for its own project only; a token for another one needs a password");
        }

        lock (gate)
        {
            if (kept.TryGetValue(project, out LinkedListNode<(string Project, TokenSource Tokens)>? node))
            {
                byUse.Remove(node);
                byUse.AddFirst(node);
                return node.Value.Tokens;
            }

            if (kept.Count >= MostKept)
            {
                // Not disposed: a request may be using it. What it holds is memory.
                kept.Remove(byUse.Last!.Value.Project);
                byUse.RemoveLast();
            }

            var tokens = new TokenSource(keystone, Scoped(project), time);
            kept.Add(project, byUse.AddFirst((project, tokens)));
            return tokens;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach ((_, TokenSource tokens) in byUse)
                tokens.Dispose();
            byUse.Clear();
            kept.Clear();
        }
    }

    private CloudSettings Scoped(string project) => cloud with
    {
        ProjectId = project,
        ProjectName = null,
        ProjectDomainId = null,
        ProjectDomainName = null,
        DomainId = null,
        DomainName = null,
        SystemScope = null,
    };
}
