using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.Sqlite;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Commands;

/// <summary>What is looked at before this version serves. Each looks and changes nothing.</summary>
internal static class UpgradeChecks
{
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(30);

    public static IReadOnlyList<UpgradeCheck> All { get; } =
    [
        new("Policy File", PolicyAsync),
        new("State Folder", StateFolderAsync),
        new("Database Schema", DatabaseAsync),
        new("TLS Certificate", CertificateAsync),
        new("Keystone Credentials", KeystoneAsync),
    ];

    private static Task<UpgradeOutcome> PolicyAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        try
        {
            Policy.Load(configuration.Policy, Policies.All);
            return Task.FromResult(UpgradeOutcome.Success);
        }
        catch (ConfigurationException e)
        {
            return Task.FromResult(new UpgradeOutcome(UpgradeResult.Failure, string.Join("; ", e.Problems)));
        }
    }

    private static Task<UpgradeOutcome> StateFolderAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        string folder = configuration.Process.StateDir;
        return Task.FromResult(Directory.Exists(folder)
            ? UpgradeOutcome.Success
            : new UpgradeOutcome(UpgradeResult.Warning, $"{folder} does not exist yet; the service makes it, if its user may"));
    }

    private static async Task<UpgradeOutcome> DatabaseAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        string file = configuration.Database.FileIn(configuration.Process);
        try
        {
            (_, IReadOnlyList<string> pending) = await SqliteDatabase.VersionAsync(file, ct);
            return pending.Count == 0 ? UpgradeOutcome.Success : new(UpgradeResult.Failure, $"{file} lacks {string.Join(", ", pending)}: manage db sync");
        }
        catch (StorageException e)
        {
            return new(UpgradeResult.Failure, $"{file}: {e.Detail}; manage db sync makes it");
        }
    }

    private static Task<UpgradeOutcome> CertificateAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        if (configuration.Api is not { TlsCert: { } file, TlsKey: { } key })
        {
            return Task.FromResult(configuration.Api.InsecureTransport
                ? new UpgradeOutcome(UpgradeResult.Warning, "[api] insecure_transport is on: tokens cross the network in the clear unless a proxy ends TLS")
                : UpgradeOutcome.Success);
        }

        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(file, key);
            TimeSpan left = certificate.NotAfter.ToUniversalTime() - DateTime.UtcNow;
            return Task.FromResult(left < TimeSpan.Zero ? new(UpgradeResult.Failure, $"{file} expired on {certificate.NotAfter:yyyy-MM-dd}")
                : left < s_soon ? new(UpgradeResult.Warning, $"{file} expires on {certificate.NotAfter:yyyy-MM-dd}; it is read again when it is renewed")
                : UpgradeOutcome.Success);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return Task.FromResult(new UpgradeOutcome(UpgradeResult.Failure, $"{file} and {key} cannot be used: {e.Message}"));
        }
    }

    /// <summary>Keystone takes the service's user, and its catalogue has the services that are asked, and this one.</summary>
    private static async Task<UpgradeOutcome> KeystoneAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        try
        {
            using OpenStackConnection cloud = OpenStackConnection.Open(configuration.Keystone.Cloud(), new OpenStackConnectionOptions
            {
                AttemptTimeout = configuration.Keystone.HttpConnectTimeout,
                TotalTimeout = configuration.Keystone.HttpConnectTimeout,
                Retries = 0,
            });
            await cloud.TokenAsync(ct);
            foreach (ServiceType service in new[] { ServiceType.Compute, ServiceType.Placement, ServiceType.Image, ServiceType.Attestation })
                await cloud.EndpointAsync(service, ct);
            return UpgradeOutcome.Success;
        }
        catch (OpenStackApiException e)
        {
            return new(e.Code == OpenStackCodes.EndpointNotFound ? UpgradeResult.Warning : UpgradeResult.Failure, e.Message);
        }
        catch (CloudConfigurationException e)
        {
            return new(UpgradeResult.Failure, $"{e.Message}; {e.Hint}");
        }
    }
}
