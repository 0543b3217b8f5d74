using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Validation;

/// <summary>Nova, Placement and Glance, as the service's own user. What a caller may see of them is decided here, not there.</summary>
public sealed class ServiceCloud(ControlConfiguration configuration, ILoggerFactory loggers) : IDisposable
{
    public OpenStackConnection Connection { get; } = OpenStackConnection.Open(configuration.Keystone.Cloud(), new OpenStackConnectionOptions
    {
        LoggerFactory = loggers,
        AttemptTimeout = configuration.Keystone.HttpConnectTimeout,
        TotalTimeout = configuration.Keystone.HttpConnectTimeout * 3,
        Retries = 1,
        RetryDelay = TimeSpan.FromMilliseconds(50),
        GlobalRequestIdOfCall = () => RequestIds.Current?.Onward,
    });

    public void Dispose() => Connection.Dispose();
}
