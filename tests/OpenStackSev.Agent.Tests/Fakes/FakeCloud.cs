using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Tests.Fakes;

internal static class FakeCloud
{
    /// <summary>A connection whose network is the fake.</summary>
    public static OpenStackConnection Connect(HttpMessageHandler network)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OS_AUTH_URL"] = "http://cloud.test",
            ["OS_USERNAME"] = "agent",
            ["OS_PASSWORD"] = "secret-of-the-fake",
            ["OS_PROJECT_NAME"] = "service",
        };
        CloudSettings settings = CloudSettings.Load(null, new CloudEnvironment(variables, "/nonexistent", null, "/nonexistent"));
        return OpenStackConnection.Open(settings, new OpenStackConnectionOptions { Transport = network, Retries = 0 });
    }
}
